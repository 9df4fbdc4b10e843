"""AWS Identity and Access Management: recorded and returned; enforcement comes later."""
