"""What templates ask for, and connectors offer: operations in one form, whatever system is behind them."""
