"""Risk sources (环境风险源): the register, inspections, and cases about them."""
