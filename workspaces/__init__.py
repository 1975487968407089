"""Where work happens: processes, git, worktrees, integration."""
