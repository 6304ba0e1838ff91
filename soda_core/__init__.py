"""SODA: self-paced knowledge distillation of large code models into small ones."""

__version__ = "0.1.0"
