"""Classifier and regressor for scikit-learn, which is imported with what is in here alone."""
