-- What folders in a folder are put in order and found by, made of their names by the program; NULL until it has done so.
ALTER TABLE folders ADD COLUMN name_order TEXT COLLATE "C";
ALTER TABLE folders ADD COLUMN name_lower TEXT COLLATE "C";

-- A page of them is a part of this index, which also does what the one by parents did.
CREATE INDEX folders_in_order ON folders (parent_id, status, name_order);
DROP INDEX folders_by_parent;
