"""The long forms of the reliability checks: minutes, not seconds."""
