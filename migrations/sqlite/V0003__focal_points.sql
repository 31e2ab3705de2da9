-- The point of a picture that matters most, as fractions of its width and height when it stands
-- upright; both NULL when nobody said.

ALTER TABLE images ADD COLUMN focal_x DOUBLE PRECISION;
ALTER TABLE images ADD COLUMN focal_y DOUBLE PRECISION;
