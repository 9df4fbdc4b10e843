"""The main job, as a newcomer sees it: a real video through bucket, topic and five functions."""
