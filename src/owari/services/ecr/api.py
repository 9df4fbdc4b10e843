"""ECR's operations, by topic. Importing this declares them all."""

from owari.services.ecr import api_images, api_policies, api_repositories, api_tags, tables

__all__ = ["api_images", "api_policies", "api_repositories", "api_tags", "tables"]
