"""Everything that touches SQL, one module per noun. No network, no scoring, no pages."""
