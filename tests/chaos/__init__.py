"""`make chaos`: batches are submitted without pause while everything is killed; then somebody else counts."""
