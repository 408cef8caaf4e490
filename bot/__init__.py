"""The service: rules that decide, edges that touch the world, and the loop between them."""
