"""Grades of agents that use tools: SWE-bench and its agent, Harbor, Terminal-Bench, MCPMark, tau-bench, tau2, BFCL."""
