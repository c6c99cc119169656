"""Where people and programs meet the recommender: only here is anything printed or asked."""
