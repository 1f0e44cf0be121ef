"""Numbers on repeat petitions: what is counted, how, and how sure it is. Pure; parameters in deploy/rules/indicators.yaml."""
