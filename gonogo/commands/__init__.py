"""What each word after ``gonogo`` does; the command line only parses and prints."""
