"""The rendered Compose model, read without asking anybody. Pure."""
