"""How annotations become functions: what stands behind `ohnecimd.messages` and `ohnecimd.fields`.

::

    kinds, numerals             types of fields, each a (decode, encode) pair
    layouts, declarations       what a class says: its fields, in the order of the bytes
    checking                    whether they can stand together
    dissecting                  the careful way: field by field, with names and places
    items, sources, decoders, encoders, compiling
                                the fast way: functions written out for one class
"""
