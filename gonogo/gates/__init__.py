"""What is asked: the pytest process of a gate, its subject, and what its answers mean."""
