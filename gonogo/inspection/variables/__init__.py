"""Of env files and the variables that an application reads."""
