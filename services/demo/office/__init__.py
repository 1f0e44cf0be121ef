"""A scripted office: invented people work real cases through every service, on a simulated clock, from one seed."""
