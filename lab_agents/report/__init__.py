"""What a campaign did, as one page that needs no network, and as a table of samples."""
