CREATE ROLE fna_batch_service LOGIN
