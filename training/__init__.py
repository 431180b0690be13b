"""Training of the shipped model and of the place ranker; run as `python -m training.train_entities` and the like."""
