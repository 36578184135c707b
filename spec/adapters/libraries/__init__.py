"""Adapters of functions that many use: of torch, JAX and Hugging Face's transformers."""
