"""Running elsewhere: work pools, deployments, automations; a server for a team, an image, and CI workflows."""
