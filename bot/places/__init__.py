"""The directory of places as it is kept: imported, versioned, checked, held against reality."""
