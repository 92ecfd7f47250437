"""Values and small tools that know no word of the business."""
