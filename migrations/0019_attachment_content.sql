-- Which files are still named: looked through once an hour.
create index attachment_content on attachment (content_hash);
