"""What the operator needs: backup, health, metrics, logs, and switching things off."""
