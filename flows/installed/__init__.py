"""What the wheel installs beside our three packages: `import claimcheck` and the program's entry point."""
