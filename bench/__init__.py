"""What is measured on this machine, each thing beside what it is compared with."""
