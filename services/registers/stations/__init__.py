"""Small hydropower stations (小水电): the register, checks, the list per county, the template of a case."""
