-- What the compose page narrows people down by.
create index person_traits on person (kind, gender, grade) where account is not null and state = 'active';
