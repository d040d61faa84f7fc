"""Questions to the warehouse, each a statement of `warehouse/sql`.

table          claims beside measurements, one claim in full
user_query     a user's own SQL
verification   what a verification must know of earlier ones
scheduling     what is due
imported       results made elsewhere
"""
