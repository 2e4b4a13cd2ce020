"""Statistics of an agency: counted from control, shown in full inside, and issued with small numbers suppressed."""
