"""What several requests share, and later several replicas."""
