"""The actions a protocol can take, one file each; `registry.py` lists them."""
