"""Tries the Dockerfile where no container engine is: its steps run in clean Debian roots.

`python -m scripts.image_check`, as root, with debootstrap. What differs from an engine is said at
the end.
"""
