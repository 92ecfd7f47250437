"""The staff's web pages, by areas of the screen. They ask, clean input, call one verb and answer; they never write."""
