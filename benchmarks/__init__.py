"""What is claimed of the service's speed and size, measured anew: `make bench`."""
