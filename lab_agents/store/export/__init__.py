"""What leaves the house: Bluesky documents and tables of samples."""
