"""The data set's files: the only code that touches the network or the data on the disk.

======================  ==========================================================
module                  what it holds
======================  ==========================================================
``sources``             local files, a download or the stand-in, in this order
``idx``                 the four files: their format and their checksums
``misplaced``           a root that leads past the files, and the one that is meant
``download``            fetching them within time limits, all or nothing
``synthetic``           the seeded stand-in for the data set
``resizing``            images at another size
``torchvision_compat``  ``import torchvision`` beside a CPU-only torch
``torchvision_worker``  the same in the workers of a DataLoader
======================  ==========================================================
"""
