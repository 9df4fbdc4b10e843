"""Amazon ECR: repositories, and the images that `owari images map` puts into them."""
