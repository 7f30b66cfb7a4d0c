-- Features of each user on the date of the report. DuckDB and Athena run it as it is.
WITH located AS (
  SELECT
    user_id,
    name,
    CASE WHEN city = 'Nashville-Davidson' THEN 'Nashville' ELSE city END AS city,
    last_login,
    -- A login is recent for 90 days; a user who never logged in is not recent.
    CASE
      WHEN date_diff('day', last_login, CAST({{report_date}} AS date)) <= 90 THEN 1
      ELSE 0
    END AS recent
  FROM users
)
SELECT
  located.user_id,
  located.name,
  located.city,
  states.state,
  located.last_login,
  dense_rank() OVER (
    PARTITION BY located.city
    ORDER BY located.last_login DESC NULLS LAST
  ) AS last_login_rank_by_city,
  -- user_id is the key of users: rows and distinct users are the same number.
  CAST(sum(located.recent) OVER (PARTITION BY located.city) AS double)
    / count(*) OVER (PARTITION BY located.city) AS login_rate_last_3_months_by_city,
  count(*) OVER (PARTITION BY located.city) AS users_by_city
FROM located
LEFT JOIN states ON states.city = located.city
ORDER BY located.city, last_login_rank_by_city DESC, located.user_id
