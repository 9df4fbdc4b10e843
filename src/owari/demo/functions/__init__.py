"""The five functions' own code: plain AWS Lambda handlers, packed into zips by stack.py."""
