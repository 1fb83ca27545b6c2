package ocds
