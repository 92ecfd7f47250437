"""What is planned: courses, rooms, groups with a weekly schedule, their lessons, and who is enrolled."""
