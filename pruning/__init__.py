"""Layer Pruning Explorer: how many layers of a pre-trained transformer can be dropped, which ones, at what cost."""

__version__ = "0.1.0"
